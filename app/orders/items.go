package orders

// ReplaceItems puts other items into the order. An item stays the one it was, with its number, files and whatever else
// hangs on it, when it names that number; else when there is an item of the same product and name that nothing else
// claims, the one in the same position before any other. The rest is new, and former items nobody claims are gone.
func (o *Order) ReplaceItems(items []Item) {
	former := o.Items
	claimed := make([]bool, len(former))
	fresh := make([]Item, len(items))
	copy(fresh, items)
	claim := func(to int, fits func(from int) bool) bool {
		for from := range former {
			if !claimed[from] && fits(from) {
				claimed[from] = true
				fresh[to].ID, fresh[to].Files = former[from].ID, former[from].Files
				return true
			}
		}
		return false
	}
	open := make([]int, 0, len(items)) // who has not found its former self yet
	for i, item := range items {
		if item.ID == 0 || !claim(i, func(from int) bool { return former[from].ID == item.ID }) {
			fresh[i].ID = 0
			open = append(open, i)
		}
	}
	alike := func(i, from int) bool {
		return former[from].MaterialID == items[i].MaterialID && former[from].Name == items[i].Name
	}
	for _, samePlace := range []bool{true, false} {
		var still []int
		for _, i := range open {
			if !claim(i, func(from int) bool { return alike(i, from) && (i == from || !samePlace) }) {
				still = append(still, i)
			}
		}
		open = still
	}
	o.Items = fresh
}

// HasItem reports whether the order has an item with this number.
func (o *Order) HasItem(id int64) bool {
	for _, item := range o.Items {
		if item.ID == id {
			return true
		}
	}
	return false
}
