package bitrix24_test

import (
	"os/exec"
	"syscall"
	"time"
)

// diesWithUs has a process killed when this test binary ends, however that happens.
func diesWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// freeze stops a process in the middle of whatever it does, as a host that is moved or swaps does, and lets it go on.
func (p *process) freeze(d time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(d)
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
}
