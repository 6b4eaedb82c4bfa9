package staff

import "context"

// ActorKind says what sort of hand made a change.
type ActorKind string

// The kinds of actor. Only employees and sites have somebody waiting for the outcome of a change.
const (
	KindEmployee ActorKind = "employee"
	KindSite     ActorKind = "site"
	KindTimer    ActorKind = "timer"
	KindModule   ActorKind = "module"
)

// Actor is who made a change: what the history of an order shows.
type Actor struct {
	Kind   ActorKind
	ID     int64  // the employee's number; 0 for every other kind
	Module string // the module's name; empty for every other kind
	Name   string // as the history shows it: "Анна Смирнова", "Система (сайт)", a module's title
}

// Site is the actor of everything that arrives through the public API or the shop's own pages.
func Site() Actor { return Actor{Kind: KindSite, Name: "Система (сайт)"} }

// Timer is the actor of what the program does by the clock.
func Timer() Actor { return Actor{Kind: KindTimer, Name: "Система (таймер)"} }

// Module is the actor of changes that a module carries in from elsewhere; title is what people call the module.
func Module(name, title string) Actor { return Actor{Kind: KindModule, Module: name, Name: title} }

type actorKey struct{}

// WithActor returns a context in which everything done is done by the actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor of the context, or the timer where nobody is known.
func ActorFrom(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Timer()
}
