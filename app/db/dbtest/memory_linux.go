package dbtest

import "syscall"

// roomy says whether a folder has room for the databases of a test binary.
func roomy(path string) bool {
	var room syscall.Statfs_t
	if err := syscall.Statfs(path, &room); err != nil {
		return false
	}
	return room.Bavail*uint64(room.Bsize) >= memoryNeeded
}
