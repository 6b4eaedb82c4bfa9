package bitrix24_test

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// unfinished is what the panel has not come to an end with.
func (c *chaos) unfinished() []string {
	var left []string
	for what, query := range map[string]string{
		"failed job": "SELECT kind || ' ' || key || ': ' || last_error FROM jobs WHERE state = 'failed'",
		"job": "SELECT kind || ' ' || key || ': ' || last_error FROM jobs " +
			"WHERE state IN ('waiting', 'running') AND (kind LIKE 'bitrix24.push%' OR kind LIKE 'bitrix24.pull%')",
		"outcome not settled": "SELECT entity || ' ' || key FROM bitrix24_intents",
	} {
		for _, row := range c.fleet.query(query) {
			record := whose.FindStringSubmatch(row)
			if what != "outcome not settled" || record == nil || !c.isGone(record[2]) {
				left = append(left, what+": "+row)
			}
		}
	}
	return left
}

// key is the external key of a record of the panel.
func (c *chaos) key(local string, id int64) string {
	for _, token := range c.fleet.query(fmt.Sprintf("SELECT token FROM %ss WHERE id = %d", local, id)) {
		return map[string]func(int64, string) string{
			"order": mapping.OrderKey, "client": mapping.ClientKey, "organization": mapping.OrganizationKey,
		}[local](id, token)
	}
	return ""
}

var whose = regexp.MustCompile(`(order|client|organization)[: /](\d+)`)

// tell writes what was done to the first few records that differ, and what the journal has to say of them.
func (c *chaos) tell(differences []string) {
	c.t.Helper()
	for _, d := range differences[:min(len(differences), 4)] {
		record := whose.FindStringSubmatch(d)
		if record == nil {
			continue
		}
		lines := c.fleet.query(fmt.Sprintf("SELECT at || ' ' || direction || ' ' || outcome || ': ' || text || ' | ' || "+
			"substr(request, 1, 600) || ' | ' || substr(answer, 1, 300) "+
			"FROM bitrix24_journal WHERE local = '%s' AND local_id = %s ORDER BY id", record[1], record[2]))
		lines = lines[max(0, len(lines)-25):]
		links := c.fleet.rows(fmt.Sprintf(
			"SELECT local, local_id, entity, remote_id, state, agreed FROM bitrix24_links WHERE local = '%s' AND local_id = %s",
			record[1], record[2]))
		c.t.Logf("%s: %v\nlinked %v\n%s", record[0], c.history(record[2]), links, strings.Join(lines, "\n"))
	}
}

// isGone says whether the deal of an order was deleted for good: what was sent to it last will not be known.
func (c *chaos) isGone(id string) bool {
	for _, w := range c.workers {
		for _, o := range w.orders {
			if fmt.Sprint(o.id) == id {
				return o.gone
			}
		}
	}
	return false
}

// history is what happened to an order.
func (c *chaos) history(id string) []string {
	for _, w := range c.workers {
		for _, o := range w.orders {
			if fmt.Sprint(o.id) == id {
				return o.history
			}
		}
	}
	return nil
}
