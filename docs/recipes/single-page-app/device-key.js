import { randomDPoPKeyPair } from 'openid-client';

/** The key of this browser. IndexedDB keeps a key that scripts can use and cannot read (RFC 9449 §11.4). */
export async function deviceKey() {
  const opening = indexedDB.open('orders-app');
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
  const database = await settled(opening);
  const keys = (mode) => database.transaction('keys', mode).objectStore('keys');
  const kept = await settled(keys('readonly').get('dpop'));
  if (kept) return kept;
  const created = await randomDPoPKeyPair('ES256', { extractable: false });
  await settled(keys('readwrite').add(created, 'dpop'));
  return created;
}

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
