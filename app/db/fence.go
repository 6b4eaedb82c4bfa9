package db

import "context"

// A Fence decides whether work that began earlier may still write. It runs first inside the very transaction that
// writes, and locks what it read until that ends; its error is the transaction's, which does nothing else.
type Fence func(ctx context.Context, tx *Tx) error

type fenceKey struct{ db *DB }

// Fenced has every transaction that is begun with the context it returns run the fence first. Contexts made from that
// one are fenced as well, those of AfterCommit included. What is read beside a transaction is not checked.
func (d *DB) Fenced(ctx context.Context, fence Fence) context.Context {
	return context.WithValue(ctx, fenceKey{d}, fence)
}

// fence runs the fence that ctx carries, if any.
func (tx *Tx) fence(ctx context.Context) error {
	if fence, ok := ctx.Value(fenceKey{tx.db}).(Fence); ok {
		return fence(ctx, tx)
	}
	return nil
}
