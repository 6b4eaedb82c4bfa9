package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxCommands is how many commands one request may hold (method batch). The portal does not run those beyond it.
const MaxCommands = 50

// MaxRequest bounds a request's body, in bytes. What does not fit leaves with the next request.
const MaxRequest = 1 << 20

// Batch is one request: commands that the portal runs in order. The zero value is an empty batch, ready for use.
//
// There is no transaction: what ran stays. A mistake in a command (a name used twice, a value that cannot be written)
// is kept and returned by Err and by Client.Do, which then sends nothing.
type Batch struct {
	// Halt stops at the first failed command. It is required where one command refers to another: a reference to a
	// failed command becomes rubbish and the next command would run with it.
	Halt bool

	// Class tells the limiter who waits for the answer. The zero value is Background: nobody does.
	Class Class

	// Leaving, if set, is called after the limiter has let a request pass and before it is sent, so twice for a portal
	// that has moved. When it returns an error nothing is sent, and Do returns that error.
	Leaving func(ctx context.Context) error

	commands []Command
	names    map[string]int
	size     int
	linked   bool
	err      error
}

// Command is one call within a batch, as it is sent.
type Command struct {
	Name   string // how the answer and references call it
	Method string
	Query  string // percent-encoded once; ParseForm reads it
}

// String is the command as the portal receives it: method?query.
func (c Command) String() string {
	if c.Query == "" {
		return c.Method
	}
	return c.Method + "?" + c.Query
}

// Ref stands in Params for a value that an earlier command of the same batch will have returned. It must be a value of
// its own: inside a string it is text like any other, which Disarm breaks.
type Ref struct {
	name string
	path string
}

// Field is a value inside that result: Field("item", "id"), Field("0", "ID").
func (r Ref) Field(path ...string) Ref {
	for _, step := range path {
		r.path += "[" + step + "]"
	}
	return r
}

// String is the reference as the portal reads it.
func (r Ref) String() string { return "$result[" + r.name + "]" + r.path }

var (
	// A number as a name would turn objects of the answer into arrays, and positions in those are not to be trusted.
	commandName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	methodName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*$`)
	refPath     = regexp.MustCompile(`^(\[[A-Za-z0-9_]+\])*$`)
)

// Add appends a command and returns the reference to its result. The name is what the answer and references call it: a
// letter, then letters, digits and underscores, used once in the batch. What cannot be written is kept for Err.
func (b *Batch) Add(name, method string, params Params) Ref {
	ref := Ref{name: name}
	if b.err != nil {
		return ref
	}
	if err := b.add(name, method, params); err != nil {
		b.err = fmt.Errorf("command %s (%s): %w", name, method, err)
	}
	return ref
}

func (b *Batch) add(name, method string, params Params) error {
	_, taken := b.names[name]
	switch {
	case !commandName.MatchString(name):
		return errors.New("a name is a letter, then letters, digits and _")
	case !methodName.MatchString(method) || strings.EqualFold(method, "batch"):
		return errors.New("no such method in a batch")
	case taken:
		return errors.New("the name is taken")
	case b.Full():
		return fmt.Errorf("the batch is full, it holds %d", MaxCommands)
	}
	var q query
	keys := slices.Sorted(maps.Keys(params))
	if err := q.object(nil, keys, func(key string) any { return params[key] }); err != nil {
		return err
	}
	for _, ref := range q.refs {
		if _, known := b.names[ref.name]; !known || !refPath.MatchString(ref.path) {
			return fmt.Errorf("%s refers to no earlier command", ref)
		}
		b.linked = true
	}
	if b.names == nil {
		b.names = make(map[string]int)
	}
	command := Command{Name: name, Method: method, Query: string(q.text)}
	b.names[name] = len(b.commands)
	b.commands = append(b.commands, command)
	b.size += len(name) + len(command.String()) + len(`"":"",`)
	return nil
}

// Len is the number of commands.
func (b *Batch) Len() int { return len(b.commands) }

// Full reports whether no further command fits.
func (b *Batch) Full() bool { return len(b.commands) >= MaxCommands }

// Size is the length of the request's body in bytes, to within a few.
func (b *Batch) Size() int { return b.size + len(`{"halt":0,"cmd":{}}`) }

// Commands returns the commands in the order in which the portal runs them.
func (b *Batch) Commands() []Command { return slices.Clone(b.commands) }

// Err is the first mistake made in building the batch, or nil. Client.Do returns it and sends nothing.
func (b *Batch) Err() error {
	if b.err == nil && b.linked && !b.Halt {
		return errors.New("commands that refer to one another need halt")
	}
	return b.err
}

// body writes JSON by hand, since `cmd` must keep its order. Names, methods and queries consist of characters that
// JSON does not escape.
func (b *Batch) body() []byte {
	halt := 0
	if b.Halt {
		halt = 1
	}
	body := make([]byte, 0, b.Size())
	body = append(strconv.AppendInt(append(body, `{"halt":`...), int64(halt), 10), `,"cmd":{`...)
	for i, command := range b.commands {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(append(append(body, '"'), command.Name...), `":"`...)
		body = append(body, command.Method...)
		if command.Query != "" {
			body = append(append(body, '?'), command.Query...)
		}
		body = append(body, '"')
	}
	return append(body, `}}`...)
}
