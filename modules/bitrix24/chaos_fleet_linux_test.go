package bitrix24_test

import (
	"os/exec"
	"syscall"
)

// diesWithUs has a process killed when this test binary ends, however that happens.
func diesWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
