// The portal under test: the SDK's client of its webhook, and what a test needs of /control.
import { B24Hook } from '@bitrix24/b24jssdk'

export const address = process.env.PORTAL

export async function control(call, body) {
  const answer = await fetch(`${address}/control/${call}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`/control/${call}: ${answer.status} ${await answer.text()}`)
  return answer.headers.get('content-type')?.includes('json') ? answer.json() : undefined
}

// sdk is a new client as its documentation makes one.
export const sdk = () => B24Hook.fromWebhookUrl(`${address}/rest/1/${process.env.CODE}`)
