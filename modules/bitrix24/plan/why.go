package plan

import "fmt"

// WhyOrder is «Почему так?»: which funnel, stage and responsible employee hold for an order, and why. It goes by the
// rules that ForOrder plans by, and by what was last seen of the deal; nothing need have been read.
func WhyOrder(f OrderFacts) []string {
	category, stage := f.Rules.CategoryID, ""
	if f.Link != nil && f.Target == Deal {
		category, stage = f.Link.CategoryID, f.Link.Stage
	}
	reasons := []string{"Направление сделки: " + f.Stages.FunnelName(category)}
	status := f.Input.Order.Status
	if wanted, ok := f.Rules.Stage(category, stage, status); ok {
		name := f.Stages.StageName(category, wanted)
		reasons = append(reasons, fmt.Sprintf("Статусу «%s» соответствует стадия «%s»", status.Label(), name))
	} else if f.Rules.Waits(category, status) {
		reasons = append(reasons, fmt.Sprintf(
			"Стадия статуса «%s» удалена на портале: сделка остаётся на своей, пока администратор не выберет другую",
			status.Label()))
	} else {
		reasons = append(reasons,
			fmt.Sprintf("Статусу «%s» не соответствует ни одна стадия: сделка остаётся на своей", status.Label()))
	}
	if f.Rules.ResponsibleID != 0 {
		return append(reasons, fmt.Sprintf("Ответственный: сотрудник %d из настроек", f.Rules.ResponsibleID))
	}
	return append(reasons, "Ответственный: сотрудник, создавший вебхуки")
}
