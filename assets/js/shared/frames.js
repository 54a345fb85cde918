// What travels: uint32 length, JSON, bytes.

/**
 * @param {ArrayBuffer} buffer
 * @returns {Reply}
 */
export function unframed(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  return {
    head: JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))),
    buffer,
    start: 4 + length,
  };
}

/**
 * The same from here to there: a head and numbers, or none.
 * @param {object} head
 * @param {ArrayLike<number> | null} values
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function framed(head, values = null) {
  const text = new TextEncoder().encode(JSON.stringify(head)),
    body = values && new Uint8Array(Float32Array.from(values).buffer);
  const message = new Uint8Array(4 + text.length + (body ? body.length : 0));
  new DataView(message.buffer).setUint32(0, text.length, true);
  message.set(text, 4);
  if (body) message.set(body, 4 + text.length);
  return message;
}
