//go:build !linux

package bitrix24_test

import (
	"os/exec"
	"time"
)

// diesWithUs can be had on Linux only: elsewhere a test binary that is killed leaves its processes behind.
func diesWithUs(*exec.Cmd) {}

// freeze does nothing: not every system can stop a process and let it go on.
func (*process) freeze(time.Duration) {}
