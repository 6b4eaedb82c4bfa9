package form

// Fact is a field as a page shows it outside a form: its label and what it holds, in words.
type Fact struct{ Label, Value string }

// Facts are the fields that hold something worth showing on a record's page: no secrets, toggles and empty values.
func (fs Forms) Facts() []Fact {
	var facts []Fact
	for _, f := range fs {
		for field := range f.leaves() {
			if text := field.inWords(); text != "" {
				facts = append(facts, Fact{Label: field.Label, Value: text})
			}
		}
	}
	return facts
}

// inWords is the field's value as people read it.
func (f *Field) inWords() string {
	switch f.Kind {
	case KindText, KindTextarea, KindNumber, KindMoney, KindStatic:
		return f.Value()
	case KindSelect:
		for _, c := range f.Choices() {
			if c.Selected && c.Value != "" {
				return c.Label
			}
		}
	}
	return ""
}
