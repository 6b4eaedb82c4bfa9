package emulator

import (
	"maps"
	"slices"
	"strings"
)

// A method of the REST API. run works under the portal's lock.
type method struct {
	name  string
	scope string // "" = basic, always callable; several alternatives are parted by |, several needed by +
	app   bool   // needs an application; a webhook is refused
	run   func(c *call) (any, error)
}

// methods is the list of all methods by their lower-case name.
type methods map[string]*method

// find takes a name in any letter case, as the server does.
func (m methods) find(name string) *method { return m[strings.ToLower(name)] }

// add registers methods that need the scope.
func (m methods) add(scope string, runs map[string]func(*call) (any, error)) {
	for name, run := range runs {
		m[strings.ToLower(name)] = &method{name: name, scope: scope, run: run}
	}
}

// allows says whether the webhook's scopes contain what a method needs.
func allows(have []string, need string) bool {
	if need == "" {
		return true
	}
	if one, other, ok := strings.Cut(need, "+"); ok {
		return allows(have, one) && allows(have, other)
	}
	return slices.ContainsFunc(strings.Split(need, "|"), func(s string) bool { return slices.Contains(have, s) })
}

// allMethods is everything that the portal answers; any other name is ERROR_METHOD_NOT_FOUND.
func (p *Portal) allMethods() methods {
	m := methods{}
	m.commonMethods()
	m.oldMethods(p)
	m.itemMethods()
	m.rowMethods()
	m.linkMethods()
	m.duplicateMethods()
	m.statusMethods()
	m.categoryMethods()
	m.userfieldMethods(p)
	m.commentMethods()
	m.requisiteMethods()
	m.addressMethods()
	m.productMethods()
	m.enumMethods()
	m.telephonyMethods()
	return m
}

// splitName parts the name of a method at its last dot: crm.item and add.
func splitName(name string) (family, verb string) {
	at := strings.LastIndexByte(name, '.')
	return name[:max(at, 0)], name[at+1:]
}

// sortedKeys are the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
