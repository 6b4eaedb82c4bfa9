// Prints the certificate that the portal at HOST:PORT has made for itself, as soon as it listens: the SDK insists on
// https, and so nobody has to turn the check of certificates off.
import { connect } from 'node:tls'
import { setTimeout as pause } from 'node:timers/promises'

const [host, port] = process.argv[2].split(':')

const certificate = () => new Promise((resolve, reject) => {
  const socket = connect({ host, port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().raw.toString('base64'))
    socket.end()
  })
  socket.on('error', reject)
})

for (let left = 300; ; left--) {
  try {
    const base64 = await certificate()
    console.log(['-----BEGIN CERTIFICATE-----', ...base64.match(/.{1,64}/g), '-----END CERTIFICATE-----'].join('\n'))
    break
  } catch (error) {
    if (left === 0) throw error
    await pause(100)
  }
}
