package emulator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// leadStages is the directory that holds the stages of leads.
const leadStages = "STATUS"

// dealStages is the directory that holds the stages of a funnel.
func dealStages(category int64) string {
	if category == 0 {
		return "DEAL_STAGE"
	}
	return "DEAL_STAGE_" + strconv.FormatInt(category, 10)
}

// stages returns the entries of a directory in the order of SORT.
func (d *data) stages(directory string) []*record {
	list := d.statuses.where("ENTITY_ID", directory)
	slices.SortStableFunc(list, func(a, b *record) int {
		return cmp.Compare(d.statuses.integer(a, "SORT"), d.statuses.integer(b, "SORT"))
	})
	return list
}

// stageIn finds a stage by its code, which may not be empty; nil when it is not in the list.
func (d *data) stageIn(list []*record, id string) *record {
	for _, s := range list {
		if id != "" && d.statuses.text(s, "STATUS_ID") == id {
			return s
		}
	}
	return nil
}

// stageName is the title of a stage, or its code when it is not there any more.
func (d *data) stageName(directory, id string) string {
	if s := d.stageIn(d.stages(directory), id); s != nil {
		return d.statuses.text(s, "NAME")
	}
	return id
}

// semanticsOf is the meaning of a stage: P in progress, S success, F failure.
func semanticsOf(statuses *table, s *record) string {
	if s == nil || statuses.text(s, "SEMANTICS") == "" {
		return "P"
	}
	return statuses.text(s, "SEMANTICS")
}

// firstStatus is the default value of a directory, nil when the directory is empty.
func (d *data) firstStatus(directory string) any {
	if list := d.stages(directory); len(list) > 0 {
		return d.statuses.text(list[0], "STATUS_ID")
	}
	return nil
}

// stagePrefix is what the codes of a funnel's stages begin with.
func stagePrefix(category int64) string {
	if category == 0 {
		return ""
	}
	return "C" + strconv.FormatInt(category, 10) + ":"
}

// addStatus stores an entry of a directory as it is given.
func (a actor) addStatus(directory, id, name string, sort int64, semantics, color string, system bool) *record {
	init := ""
	if system {
		init = name
	}
	return a.statuses.insert(a.statuses.make(
		"ENTITY_ID", directory, "STATUS_ID", id, "NAME", name, "NAME_INIT", init, "SORT", sort,
		"SYSTEM", flag(system), "SEMANTICS", semantics, "COLOR", color, "CATEGORY_ID", categoryOf(directory),
	))
}

// categoryOf is the funnel of a directory of stages, nil when it is none or the default one.
func categoryOf(directory string) any {
	if rest, ok := strings.CutPrefix(directory, "DEAL_STAGE_"); ok {
		return php.Int(rest)
	}
	return nil
}

// isStages reports whether a directory holds stages.
func isStages(directory string) bool {
	return directory == leadStages || directory == "DEAL_STAGE" || strings.HasPrefix(directory, "DEAL_STAGE_") ||
		directory == "QUOTE_STATUS"
}
