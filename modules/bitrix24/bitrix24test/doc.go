// Package bitrix24test is what the tests of the module's packages share: a panel with the module on it and an emulated
// portal, connected to each other, and words for what people and sites do with both.
//
// Begin with [Each], which runs a scenario on both databases, and [Pair], on which the scenario acts.
package bitrix24test
