// The sounds of a phone. Twilio's SDKs would fetch them from Twilio.

const RATE = 8000;

const NAMES = [
  'disconnect',
  ...[...'0123456789hs'].map((key) => `dtmf${key}`),
  'incoming',
  'outgoing',
];

/** The SDKs' option `sounds`: a URL for each. */
export function sounds() {
  const beep = URL.createObjectURL(new Blob([tone(440, 0.2)], { type: 'audio/wav' }));
  const ring = URL.createObjectURL(new Blob([tone(660, 0.4, 1.6)], { type: 'audio/wav' }));
  return Object.fromEntries(NAMES.map((name) => [name, name === 'incoming' ? ring : beep]));
}

/** A WAV file with a quiet tone, then silence; 8 bits a sample. */
function tone(frequency, seconds, silence = 0) {
  const length = Math.round(RATE * (seconds + silence));
  const bytes = new Uint8Array(44 + length).fill(128);
  const view = new DataView(bytes.buffer);
  const text = (offset, value) => bytes.set(new TextEncoder().encode(value), offset);
  text(0, 'RIFF');
  view.setUint32(4, 36 + length, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); // length of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE, true); // bytes a second
  view.setUint16(32, 1, true); // bytes a sample
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, length, true);
  for (let i = 0; i < RATE * seconds; i++) {
    const fade = Math.min(1, i / 200, (RATE * seconds - i) / 200); // no click
    bytes[44 + i] = 128 + 24 * fade * Math.sin((2 * Math.PI * frequency * i) / RATE);
  }
  return bytes;
}
