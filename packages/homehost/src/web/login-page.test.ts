/** What the script of the login page does and says, in a page that consists of two elements. */
import {createContext, runInContext} from 'node:vm';
import {expect, it} from 'vitest';
import {loginFiles} from './login-page.ts';

type Answer = {readonly status: number; readonly answer?: unknown};

const who = {user: 'ana', role: 'viewer', area: 'chip', validS: 60};
const newOne = 'Get a new one with "megatest server link".';

class Page {
  readonly message = {textContent: ''};
  readonly button = {
    hidden: true,
    addEventListener: (_: string, listener: () => Promise<void>) => {
      this.press = listener;
    },
  };
  readonly asked: unknown[] = [];
  wentTo: string | undefined;
  /** What is in the address bar instead of the link with its code. */
  shownPath: string | undefined;
  press: () => Promise<void> = async () => {};

  /** Resolves when the script has done what it does when the page is opened. */
  static async open(link: string, answers: readonly Answer[]): Promise<Page> {
    const page = new Page();
    const {origin, pathname, search, hash} = new URL(link);
    const left = [...answers];
    const context = createContext({
      URL,
      URLSearchParams,
      document: {getElementById: (id: string) => (id === 'message' ? page.message : page.button)},
      location: {origin, pathname, search, hash, replace: (to: string) => (page.wentTo = to)},
      history: {replaceState: (_state: unknown, _title: string, path: string) => (page.shownPath = path)},
      addEventListener: () => {},
      fetch: async (path: string, {method, body}: {method: string; body?: string}) => {
        page.asked.push([method, path, body]);
        const next = left.shift();
        if (next === undefined) {
          throw new TypeError('nobody answers');
        }
        return {status: next.status, json: async () => next.answer};
      },
    });
    await runInContext(loginFiles.get('/login.js')?.text ?? '', context);
    return page;
  }
}

it('a good code leads to the page of the link, and leaves the address', async () => {
  const page = await Page.open('http://h:1/mt/login?path=%2Fmt%2Fruns%3Fq%3Da#code=c0de', [
    {status: 200, answer: who},
  ]);
  expect(page.asked).toEqual([['POST', 'session', '{"code":"c0de"}']]);
  expect(page.wentTo).toBe('http://h:1/mt/runs?q=a');
  expect(page.shownPath).toBe('/mt/login?path=%2Fmt%2Fruns%3Fq%3Da');
});

it.each([
  '%2F%2Fevil.example',
  'https%3A%2F%2Fevil.example',
  '%2F%09%2Fevil.example',
  'javascript:alert(1)',
  '',
])('a link to %s leads nowhere: the page says who is logged in', async (path) => {
  const page = await Page.open(`http://h:1/login?path=${path}#code=c0de`, [{status: 200, answer: who}]);
  expect(page.wentTo).toBeUndefined();
  expect(page.message.textContent).toMatch(
    /^ana is logged in to chip as viewer\. This ends on .+ unless it is used/,
  );
  expect(page.button.hidden).toBe(false);
});

it.each<readonly [string, string, readonly Answer[], string]>([
  [
    'a code that is used up',
    '#code=c0de',
    [{status: 401, answer: {error: 'x'}}],
    `This link has been used or is too old. ${newOne}`,
  ],
  ['a code that has to wait', '#code=c0de', [{status: 429, answer: {error: 'Wait.'}}], 'Wait.'],
  [
    'no code and no session',
    '',
    [{status: 401, answer: {error: 'x'}}],
    `Nobody is logged in here: that takes a link. ${newOne}`,
  ],
  ['no daemon', '', [], 'The daemon does not answer. Try again when it runs.'],
])('%s is told in a sentence', async (_, hash, answers, text) => {
  const page = await Page.open(`http://h:1/login${hash}`, answers);
  expect(page.message.textContent).toBe(text);
  expect([page.button.hidden, page.wentTo]).toEqual([true, undefined]);
});

it('a code that has to wait stays in the address, so that the page can be loaded again', async () => {
  const page = await Page.open('http://h:1/login#code=c0de', [{status: 429, answer: {error: 'Wait.'}}]);
  expect(page.shownPath).toBeUndefined();
});

it('who is logged in can log out', async () => {
  const page = await Page.open('http://h:1/login', [{status: 200, answer: who}, {status: 204}]);
  await page.press();
  expect(page.asked.at(-1)).toEqual(['DELETE', 'session', undefined]);
  expect(page.message.textContent).toBe(`Logged out. ${newOne}`);
  expect(page.button.hidden).toBe(true);
});
