// The same work, three times on a fresh portal with its real limits: customers nobody knows order once each, and the
// answers to two requests that make deals are lost on the way. How it is done:
//
//   the SDK, call by call      what its documentation shows: look for the customer, make contact, deal and rows
//   the SDK, in groups         batchByChunk, for programs that gather orders first
//   ours, order by order       modules/bitrix24/rest as the module uses it: look-up, then one chain of references
//   ours, in groups            waves of up to fifty commands
//
// A lost answer is repeated blindly by the SDK; ours looks for the deal by its external key first. The script fails if
// we need more requests than the SDK in the same manner, or if a deal of ours is missing, doubled or without its rows.
import { execFileSync } from 'node:child_process'
import { control, sdk } from './portal.mjs'

const orders = 20
const customers = Array.from({ length: orders }, (_, i) => ({
  name: `Клиент ${i + 1}`, phone: `+7912345${String(i).padStart(4, '0')}`,
  email: `client${i}@example.ru`, key: `order:${i + 1}`,
}))
const rows = [[18, 5], [810, 1], [300.25, 1]].map(([PRICE, QUANTITY], i) => ({ PRODUCT_NAME: `Строка ${i + 1}`, PRICE, QUANTITY }))

const search = c => [
  ['crm.duplicate.findbycomm', { type: 'PHONE', values: [c.phone] }],
  ['crm.duplicate.findbycomm', { type: 'EMAIL', values: [c.email] }],
]
const contact = c => ['crm.contact.add', {
  fields: { NAME: c.name, PHONE: [{ VALUE: c.phone, VALUE_TYPE: 'MOBILE' }], EMAIL: [{ VALUE: c.email, VALUE_TYPE: 'HOME' }] },
}]
const deal = (c, id) => ['crm.deal.add', { fields: { TITLE: c.name, CONTACT_ID: id, ORIGINATOR_ID: 'compare', ORIGIN_ID: c.key } }]
const productRows = id => ['crm.deal.productrows.set', { id, rows }]

async function callByCall(b24) {
  const call = async ([method, params]) => (await b24.actions.v2.call.make({ method, params })).getData().result
  for (const customer of customers) {
    for (const command of search(customer)) await call(command)
    await call(productRows(await call(deal(customer, await call(contact(customer))))))
  }
}

async function inGroups(b24) {
  const group = async calls => (await b24.actions.v2.batchByChunk.make({ calls })).getData()
  await group(customers.flatMap(search))
  const contacts = await group(customers.map(contact))
  const deals = await group(customers.map((c, i) => deal(c, contacts[i])))
  await group(deals.map(productRows))
}

const ours = manner => () => {
  execFileSync(process.argv[2], [manner, String(orders)], { stdio: 'inherit' })
}

async function measure(name, work) {
  await control('reset', {})
  await control('faults', { fault: 'lost_response', method: 'crm.deal.add', count: 2 })
  const began = performance.now()
  await work(sdk())
  const seconds = (performance.now() - began) / 1000
  const { requests } = await control('stats')
  const state = await control('state')
  const isWhole = d => Number(d.OPPORTUNITY) === 1200.25 && state.rows[`D${d.ID}`]?.length === 3
  const whole = new Set(state.deals.filter(isWhole).map(d => d.ORIGIN_ID))
  return { name, requests, seconds, contacts: state.contacts.length, deals: state.deals.length, whole: whole.size }
}

const results = [
  await measure('SDK, call by call', callByCall),
  await measure('ours, order by order', ours('single')),
  await measure('SDK, in groups', inGroups),
  await measure('ours, in groups', ours('groups')),
]
console.log(`\n${orders} orders of unknown customers, 3 rows each, two answers lost, the portal's real limits:\n`)
console.log(`${''.padEnd(22)}requests   seconds   deals made   orders whole`)
for (const r of results) {
  console.log(r.name.padEnd(22) + String(r.requests).padStart(8) + r.seconds.toFixed(2).padStart(10) +
    String(r.deals).padStart(13) + String(r.whole).padStart(15))
}

for (const [theirs, mine] of [results.slice(0, 2), results.slice(2)]) {
  if (mine.requests > theirs.requests) throw new Error(`${mine.name}: ${mine.requests} requests, the SDK needs ${theirs.requests}`)
  if (mine.deals !== orders || mine.contacts !== orders || mine.whole !== orders) throw new Error(`${mine.name}: ${JSON.stringify(mine)}`)
}
