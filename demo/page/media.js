// The media side of a call: what Twilio's servers are to a browser. The gateway passes on the session
// descriptions. The SDKs send theirs before they know any address, so this side must know all of its
// addresses first.

const calls = new Map();

/** Carries out the gateway's requests on the socket. Returns what the gateway says otherwise. */
export function serveMedia(socket, onLog) {
  socket.addEventListener('message', async ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'log') {
      onLog(message.text, message.details);
      return;
    }
    if (message.type === 'end') {
      end(message.call);
      return;
    }
    try {
      const sdp = await actions[message.type](message);
      socket.send(JSON.stringify({ id: message.id, sdp }));
    } catch (error) {
      socket.send(JSON.stringify({ id: message.id, error: error.message }));
    }
  });
}

const actions = {
  /** A number answers, with a quiet tone. */
  answer: ({ call, offer }) => answer(leg(call, 'caller', 0.02), offer),

  /** The connection to a callee. */
  async offer({ call }) {
    const callee = leg(call, 'callee');
    await callee.setLocalDescription();
    return complete(callee);
  },

  /** The callee has answered: each hears the other. */
  async connect({ call, answer: remote, offer }) {
    const callee = calls.get(call).get('callee');
    await callee.setRemoteDescription({ type: 'answer', sdp: remote });
    const caller = leg(call, 'caller');
    const local = await answer(caller, offer);
    bridge(caller, callee);
    bridge(callee, caller);
    return local;
  },
};

function end(call) {
  calls.get(call)?.forEach((connection) => connection.close());
  calls.delete(call);
}

/** One of the two connections of a call. Sends a tone; by default, with no volume. */
function leg(call, name, volume = 0) {
  const connection = new RTCPeerConnection();
  if (!calls.has(call)) {
    calls.set(call, new Map());
  }
  calls.get(call).set(name, connection);
  const track = tone(volume);
  // twilio-client plays streams, not tracks.
  connection.addTrack(track, new MediaStream([track]));
  return connection;
}

async function answer(connection, offer) {
  await connection.setRemoteDescription({ type: 'offer', sdp: offer });
  await connection.setLocalDescription();
  return complete(connection);
}

/** Waits until the description has all addresses of this side. */
async function complete(connection) {
  while (connection.iceGatheringState !== 'complete') {
    await new Promise((resolve) => {
      connection.addEventListener('icegatheringstatechange', resolve, { once: true });
    });
  }
  return connection.localDescription.sdp;
}

function bridge(from, to) {
  const [{ track }] = from.getReceivers();
  const [sender] = to.getSenders();
  sender.replaceTrack(track);
}

const tones = new Map();

/** A tone of this volume. Each is made once, because it sounds as long as the page is open. */
function tone(volume) {
  if (!tones.has(volume)) {
    const context = new AudioContext();
    const oscillator = new OscillatorNode(context, { frequency: 330 });
    const gain = new GainNode(context, { gain: volume });
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    oscillator.connect(gain).connect(destination);
    oscillator.start();
    tones.set(volume, destination.stream.getTracks()[0]);
  }
  return tones.get(volume).clone();
}
