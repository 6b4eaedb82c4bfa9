package bitrix24_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What happens to the portal's funnels and their stages. Deals in a funnel whose stages people changed agree in everything
// but the stage, which an administrator would have to decide about.

// addFunnel makes a funnel with the stock stages.
func addFunnel(c *chaos, random *rand.Rand) {
	if made, ok := c.manage("add_category", emulator.Args{"name": fmt.Sprintf("Опт %d", random.IntN(1000))}); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.funnels = append(c.funnels, made["id"])
	}
}

// funnel is one of the portal's, the first one more often than others.
func (c *chaos) funnel(random *rand.Rand) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := random.IntN(len(c.funnels) + 2); n < len(c.funnels) {
		return c.funnels[n]
	}
	return 0
}

// deleteFunnel moves the deals of a funnel to the first one and deletes it. It may be the one that new deals are made in.
func deleteFunnel(c *chaos, random *rand.Rand) {
	funnel := c.alteredFunnel(random)
	c.world.Lock()
	defer c.world.Unlock()
	for range 100 {
		for _, id := range c.portal.IDs("deal") {
			if deal, ok := c.portal.Deal(id); ok && deal["CATEGORY_ID"] == fmt.Sprint(funnel) {
				c.manage("move_deal", emulator.Args{"id": id, "category": 0, "stage": "NEW"})
				c.movedAnyhow(id)
			}
		}
		if _, ok := c.manage("delete_category", emulator.Args{"id": funnel}); ok {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, id := range c.funnels {
		if id == funnel {
			c.funnels = append(c.funnels[:i:i], c.funnels[i+1:]...)
			return
		}
	}
}

// movedAnyhow says of the order of a deal that its status is that of its stage, whatever its people did.
func (c *chaos) movedAnyhow(deal int64) {
	record, _ := c.portal.Deal(deal)
	for _, w := range c.workers {
		for _, o := range w.orders {
			if record["ORIGIN_ID"] == c.key("order", o.id) {
				o.status = ""
			}
		}
	}
}

// deleteStage deletes a stage of a funnel that people added, and with it the rule of that stage.
func deleteStage(c *chaos, random *rand.Rand) {
	stage := chaosStages[random.IntN(4)]
	funnel := c.alteredFunnel(random)
	c.manage("delete_stage", emulator.Args{"category": funnel, "id": fmt.Sprintf("C%d:%s", funnel, stage)})
}

// addStage adds a stage that stands for no status to a funnel that people added.
func addStage(c *chaos, random *rand.Rand) {
	funnel := c.alteredFunnel(random)
	name := fmt.Sprintf("Согласование %d", random.IntN(1000))
	c.manage("add_stage", emulator.Args{"category": funnel, "name": name, "sort": 25})
}

// alteredFunnel is a funnel that people added, whose stages are not those of a stock funnel any more.
func (c *chaos) alteredFunnel(random *rand.Rand) int64 {
	if len(c.funnels) == 0 {
		addFunnel(c, random)
		c.saveSettings("category_id", fmt.Sprint(c.funnels[0]))
	}
	funnel := c.funnels[random.IntN(len(c.funnels))]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.altered[funnel] = true
	return funnel
}
