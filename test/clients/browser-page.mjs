import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { ISSUER, BASE_URL, CLIENT_ID, SCOPE, API, PORT } from './app.mjs';

const settings = JSON.stringify({ ISSUER, BASE_URL, CLIENT_ID, SCOPE, API });
const html = `<!doctype html><title>Client</title><pre id="result"></pre>
<script type="importmap">{ "imports": { "jwt-decode": "/jwt-decode.mjs" } }</script>
<script type="application/json" id="settings">${settings}</script>
<script type="module" src="/page.mjs"></script>`;

/** Serves one page at every path. Its script does what the path says. @param files by path: URLs of scripts */
export function servePage(files) {
  createServer(async (request, response) => {
    const file = files[new URL(request.url, BASE_URL).pathname];
    const type = file ? 'text/javascript' : 'text/html';
    response.setHeader('content-type', type);
    response.end(file ? await readFile(file) : html);
  }).listen(Number(PORT));
}
