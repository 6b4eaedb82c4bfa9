package plan

// When many records vanish at once it is rather a lost right of the webhook, or somebody's mistake, than everyday
// work. Then no link is dropped until a person has decided.
const (
	manyVanished  = 10 // up to so many are never too many
	vanishedShare = 50 // one in fifty: 2 %
)

// AreMany reports whether so many of the known records vanished that a person has to decide.
func AreMany(vanished, known int) bool {
	return vanished > manyVanished && vanished*vanishedShare > known
}

// Decision is what a person said about a record that vanished together with others.
type Decision string

// The decisions.
const (
	Undecided Decision = ""
	Confirmed Decision = "confirmed" // they were deleted: drop the links
	Declined  Decision = "declined"  // they were not: keep the links
)

// Hold says which links to records that are gone stay as they are: those of which a person said that they are not gone,
// and, when too many of the known records are gone at once, all that nobody has decided about. About these a person is
// asked.
func Hold(gone []Look, decided map[Look]Decision, known int) (held, asked []Look) {
	for _, record := range gone {
		switch decided[record] {
		case Declined:
			held = append(held, record)
		case Undecided:
			asked = append(asked, record)
		}
	}
	if !AreMany(len(asked), known) {
		return held, nil
	}
	return append(held, asked...), asked
}
