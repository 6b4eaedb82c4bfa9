package plan_test

import (
	"fmt"
	"slices"
)

// shortest tells the shortest history that fails and is left of h when steps are left out.
func (h history) shortest() string {
	for again := true; again; {
		again = false
		for size := max(1, len(h.steps)/2); size > 0; size /= 2 {
			for from := 0; from+size <= len(h.steps); {
				shorter := h
				shorter.steps = slices.Delete(slices.Clone(h.steps), from, from+size)
				if shorter.play() != "" {
					h, again = shorter, true
				} else {
					from++
				}
			}
		}
		for i, s := range h.steps {
			for _, plainer := range s.plainer() {
				shorter := h
				shorter.steps = slices.Clone(h.steps)
				shorter.steps[i] = plainer
				if shorter.play() != "" {
					h, again = shorter, true
					break
				}
			}
		}
	}
	told, _ := h.tell()
	return fmt.Sprintf("seed %d, %d steps are left, %+v:\n%s\n%#v", h.seed, len(h.steps), h.setup, told, h.steps)
}

// plainer are steps in which less happens.
func (s step) plainer() (all []step) {
	if s.fate != fine {
		plain := s
		plain.fate = fine
		all = append(all, plain)
	}
	if s.news != delivered {
		plain := s
		plain.news = delivered
		all = append(all, plain)
	}
	if s.moment != never {
		plain := s
		plain.moment = never
		all = append(all, plain)
	}
	return all
}
