// SPDX-License-Identifier: GPL-3.0-or-later
// A page that knows nothing of Carillon: stock stanza.js calls a JID.
import { createClient } from 'stanza';

async function call() {
  const parameters = new URLSearchParams(location.search);
  const config = await (await fetch('/config.json')).json();
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const websocket = `${scheme}//${location.host}${config.websocket}`;
  const xmpp = createClient({
    server: config.guest_domain,
    sasl: ['anonymous'],
    transports: { websocket, bosh: false },
  });
  xmpp.jingle.resetICEServers();
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width: 320, height: 180 },
  });
  const started = new Promise((resolve) => xmpp.on('session:started', resolve));
  xmpp.on('raw:*', (direction, data) => window.stanzas.push([direction, String(data)]));
  xmpp.connect();
  await started;
  const peer = `${parameters.get('room')}@${config.component}`;
  const onlySends = parameters.has('av-conferences');
  const session = xmpp.jingle.createMediaSession(peer, undefined, onlySends ? undefined : stream);
  window.session = session;
  window.tracks = [];
  window.calls = []; // that the room makes to us
  if (onlySends) {
    // The ProtoXEP's way: our call only sends, the room calls us for each of the others.
    xmpp.disco.addFeature('urn:xmpp:jingle:av-conferences:0');
    for (const track of stream.getTracks()) {
      session.pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    }
    xmpp.jingle.on('incoming', (call) => {
      window.calls.push(call);
      call.accept();
    });
  }
  xmpp.jingle.on('peerTrackAdded', (_session, track, media) => {
    window.tracks.push(track.kind);
    const element = document.createElement(track.kind);
    element.autoplay = true;
    element.srcObject = media ?? new MediaStream([track]);
    document.body.append(element);
  });
  await session.start();
}

window.stanzas = [];

// What getStats says of both directions.
window.report = async (session = window.session) => {
  const out = { state: session?.pc.connectionState, inbound: {}, outbound: {} };
  if (!session) return out;
  (await session.pc.getStats()).forEach((entry) => {
    if (entry.type === 'inbound-rtp') {
      out.inbound[entry.kind] = {
        packets: entry.packetsReceived,
        frames: entry.framesDecoded,
        energy: entry.totalAudioEnergy,
      };
    } else if (entry.type === 'outbound-rtp') {
      out.outbound[entry.kind] = { packets: entry.packetsSent };
    } else if (entry.type === 'transport') {
      out.srtp = entry.srtpCipher;
      out.dtls = entry.dtlsState;
    }
  });
  return out;
};

window.failed = null;
call().catch((error) => {
  window.failed = String(error?.stack ?? error?.message ?? JSON.stringify(error));
});
