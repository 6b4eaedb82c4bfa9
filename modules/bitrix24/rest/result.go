package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// Result is the portal's answer to a batch, command by command. A command is known by the name it was added with.
type Result struct {
	// Moved is the portal's new address if it has moved; nil otherwise.
	Moved *url.URL

	// Timing is that of the whole request.
	Timing Timing

	batch  *Batch
	answer answer
	offset time.Duration
	timed  bool
	masked func(error) error // takes the webhook's code out
}

// Decode reads a command's result into v. A command that failed, or has no outcome, is an error: see Error. A result
// of another shape is one too, and as the command was run, its outcome counts as unknown.
func (r *Result) Decode(name string, v any) error {
	if err := r.Error(name); err != nil {
		return err
	}
	if err := json.Unmarshal(r.answer.Result[name], v); err != nil {
		err = r.masked(fmt.Errorf("result of another shape: %w", err))
		return &RequestError{Method: r.method(name), Sent: true, Err: err}
	}
	return nil
}

// Raw is a command's result as it came; nil if there is none.
func (r *Result) Raw(name string) json.RawMessage { return r.answer.Result[name] }

// Error says why a command has no result: an *Error is the portal's refusal, ErrHalted a command not run since an
// earlier one failed, a *RequestError one that the answer doesn't mention, so that nobody knows. Nil is success.
func (r *Result) Error(name string) error {
	if _, ok := r.answer.Result[name]; ok {
		return nil
	}
	if refusal, ok := r.answer.Errors[name]; ok {
		return refusal
	}
	if r.batch.Halt && r.failedBefore(name) {
		return fmt.Errorf("%s: %w", r.method(name), ErrHalted)
	}
	return &RequestError{Method: r.method(name), Sent: true, Err: errUnmentioned}
}

// failedBefore reports whether a command that stands before another was refused.
func (r *Result) failedBefore(name string) bool {
	place, known := r.batch.names[name]
	return slices.ContainsFunc(r.batch.commands, func(c Command) bool {
		_, failed := r.answer.Errors[c.Name]
		return failed && (!known || r.batch.names[c.Name] < place)
	})
}

var errUnmentioned = errors.New("the answer does not mention the command")

// Missing reports whether the answer has neither a result nor an error for a command.
func (r *Result) Missing(name string) bool {
	_, done := r.answer.Result[name]
	_, failed := r.answer.Errors[name]
	return !done && !failed
}

// Err is the error of the first command, in the order of running, that has no result.
func (r *Result) Err() error {
	for _, command := range r.batch.commands {
		if err := r.Error(command.Name); err != nil {
			return err
		}
	}
	return nil
}

// Next is the `start` of a list's next page; 0 means that there is none. Lists asked for with start -1 never have one.
func (r *Result) Next(name string) int { return int(r.answer.Next[name]) }

// Total is how many rows a list has in all; 0 if it was asked for with start -1, so that the portal did not count.
func (r *Result) Total(name string) int { return int(r.answer.Total[name]) }

// CommandTiming is how long one command took; zero if it failed.
func (r *Result) CommandTiming(name string) Timing { return r.answer.Timing[name] }

// ClockOffset is how far the portal's clock is ahead of ours; false if the answer does not say.
func (r *Result) ClockOffset() (time.Duration, bool) { return r.offset, r.timed }

func (r *Result) method(name string) string {
	if i, ok := r.batch.names[name]; ok {
		return r.batch.commands[i].Method
	}
	return name
}
