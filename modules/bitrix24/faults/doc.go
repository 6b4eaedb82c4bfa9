// Package faults holds no code but tests: of what a portal may do wrong, what a person then sees, and that everything is
// right afterwards. faults_test.go has the faults of the emulator on every write, faults_told_test.go what is told
// meanwhile, faults_events_test.go the faults of events, and refusals_test.go each documented error of each method.
package faults
