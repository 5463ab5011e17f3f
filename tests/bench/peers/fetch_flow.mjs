// Sends bodies with fetch, the straightforward way: a token and a PATCH for each order.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

const [base, source, atOnce] = process.argv.slice(2)

async function update(companyId, orderId, body) {
	const url = new URL(`${base}/apiHub/performanceManagement/v1/companies/${companyId}/assessmentOrders/${orderId}`)
	const response = await fetch(url, {
		method: 'PATCH',
		headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + (await getOAuthToken()) },
		body: JSON.stringify(body)
	})
	if (!response.ok) {
		throw new Error(`${response.status} ${await response.text()}`)
	}
	return await response.text()
}

async function getOAuthToken() {
	const params = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'bench', client_secret: 'bench' })
	const response = await fetch(`${base}/public/security/v1/token`, {
		method: 'POST',
		headers: {
			Authorization: 'Basic ' + btoa('bench:bench'),
			'Content-Type': 'application/x-www-form-urlencoded'
		},
		body: params.toString()
	})
	if (!response.ok) {
		throw new Error(`OAuth token request failed: ${response.status} ${await response.text()}`)
	}
	return (await response.json()).access_token
}

const lines = createInterface({ input: createReadStream(source), crlfDelay: Infinity })[Symbol.asyncIterator]()

async function worker() {
	for (let next = await lines.next(); !next.done; next = await lines.next()) {
		const { companyId, orderId, body } = JSON.parse(next.value)
		await update(companyId, orderId, body)
	}
}

await Promise.all(Array.from({ length: Number(atOnce) }, worker))
