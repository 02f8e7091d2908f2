/**
 * The page that exchanges the code of a link for a session. It is part of the daemon, so that it is there whatever else is; its style
 * and its script are files of their own because the policy allows no others.
 */

export type LoginFile = {readonly type: string; readonly text: string};

/** Nothing of another host, and nothing that came with data (spec dashboard.md B10). */
export const contentPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Megatest: log in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="login.css">
<script src="login.js" defer></script>
</head>
<body>
<main>
<h1>Megatest</h1>
<p id="message" role="status"></p>
<button id="log-out" type="button" hidden>Log out</button>
<noscript><p>To log in here, a browser needs JavaScript. Without it, <code>megatest runs</code> and
<code>megatest status</code> show the results in a terminal.</p></noscript>
</main>
</body>
</html>
`;

const style = `:root { color-scheme: light dark; font-family: sans-serif; line-height: 1.5; }
main { max-width: 40rem; margin: 15vh auto 0; padding: 0 1rem; }
button { font: inherit; padding: 0.25rem 1rem; }
button:focus-visible { outline: 2px solid #0B5CAD; outline-offset: 2px; }
`;

const script = `'use strict';
const message = document.getElementById('message');
const logOutButton = document.getElementById('log-out');
const howToGetOne = 'Get a new one with "megatest server link".';

function show(text, isLoggedIn = false) {
  message.textContent = text;
  logOutButton.hidden = !isLoggedIn;
}

async function ask(method, body) {
  const response = await fetch('session', {method, ...(body === undefined ? {} : {body: JSON.stringify(body)})});
  const answer = response.status === 204 ? {} : await response.json();
  return {status: response.status, answer};
}

function showWho({user, role, area, validS}) {
  const until = new Date(Date.now() + validS * 1000).toLocaleString();
  const ends = 'This ends on ' + until + ' unless it is used before, or when the daemon ends.';
  show(user + ' is logged in to ' + area + ' as ' + role + '. ' + ends, true);
}

/** Anybody can write a link to this page: it leads to pages of this daemon only. */
function ownPage() {
  const path = new URLSearchParams(location.search).get('path') ?? '';
  const url = path.startsWith('/') ? new URL(path, location.origin) : undefined;
  return url?.origin === location.origin ? url.href : undefined;
}

async function exchange(code) {
  show('Logging in.');
  const {status, answer} = await ask('POST', {code});
  if (status === 429) {
    show(answer.error);
    return;
  }
  // It is of no use any more, and need not stay in the history.
  history.replaceState(null, '', location.pathname + location.search);
  const page = ownPage();
  if (status !== 200) {
    show(status === 401 ? 'This link has been used or is too old. ' + howToGetOne : answer.error);
  } else if (page === undefined) {
    showWho(answer);
  } else {
    location.replace(page);
  }
}

async function start() {
  try {
    const code = new URLSearchParams(location.hash.slice(1)).get('code');
    if (code !== null) {
      await exchange(code);
      return;
    }
    const {status, answer} = await ask('GET');
    if (status === 200) {
      showWho(answer);
    } else {
      show('Nobody is logged in here: that takes a link. ' + howToGetOne);
    }
  } catch {
    show('The daemon does not answer. Try again when it runs.');
  }
}

async function logOut() {
  try {
    await ask('DELETE');
    show('Logged out. ' + howToGetOne);
  } catch {
    show('The daemon does not answer, so nobody was logged out.', true);
  }
}

logOutButton.addEventListener('click', logOut);
addEventListener('hashchange', start);
start();
`;

/** By path. */
export const loginFiles: ReadonlyMap<string, LoginFile> = new Map([
  ['/login', {type: 'text/html; charset=utf-8', text: page}],
  ['/login.css', {type: 'text/css; charset=utf-8', text: style}],
  ['/login.js', {type: 'text/javascript; charset=utf-8', text: script}],
]);
