import { createHash } from 'node:crypto';
import { html } from './html.js';

/** All of it, in each page: one answer is the whole page. Colours have a contrast of 4.5 to 1 and more (WCAG 2.2, 1.4.3). */
export const STYLE = html`<style>
  :root {
    color-scheme: light dark;
    --paper: #f2f4f5;
    --card: #ffffff;
    --ink: #17212b;
    --quiet: #51606e;
    --line: #d5dbe0;
    --edge: #7d8b98;
    --accent: #0d5c63;
    --accent-strong: #084449;
    --on-accent: #ffffff;
    --alarm: #a3231f;
    --alarm-paper: #fdf0ef;
    --good: #1c6138;
    --good-paper: #eef7f1;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --paper: #10161b;
      --card: #182027;
      --ink: #e6ebef;
      --quiet: #a3b0bb;
      --line: #2e3a44;
      --edge: #6d7c89;
      --accent: #7ecfd4;
      --accent-strong: #a6e2e6;
      --on-accent: #06282b;
      --alarm: #ffb0aa;
      --alarm-paper: #3a1d1c;
      --good: #9bdcb3;
      --good-paper: #17301f;
    }
  }
  * {
    box-sizing: border-box;
  }
  body {
    margin: 0;
    min-height: 100vh;
    min-height: 100dvh;
    display: flex;
    flex-direction: column;
    align-items: center;
    justify-content: center;
    gap: 1.25rem;
    padding: 2rem 1rem;
    background: var(--paper);
    color: var(--ink);
    font:
      1rem/1.5 system-ui,
      -apple-system,
      'Segoe UI',
      Roboto,
      'Noto Sans',
      'Liberation Sans',
      sans-serif;
    overflow-wrap: anywhere;
  }
  header {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    color: var(--quiet);
    font-weight: 600;
    letter-spacing: 0.01em;
  }
  header svg {
    color: var(--accent);
  }
  main {
    width: 100%;
    max-width: 25rem;
    padding: 2.25rem;
    background: var(--card);
    border: 1px solid var(--line);
    border-radius: 1rem;
  }
  main.wide {
    max-width: 38rem;
  }
  h1 {
    margin: 0;
    font-size: 1.5rem;
    line-height: 1.25;
    font-weight: 650;
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  h2 {
    margin: 2rem 0 0;
    font-size: 1.0625rem;
    font-weight: 650;
  }
  p {
    margin: 0.5rem 0 0;
  }
  .quiet {
    color: var(--quiet);
  }
  .small {
    font-size: 0.875rem;
  }
  a {
    color: var(--accent);
    text-underline-offset: 0.2em;
  }
  a:hover {
    color: var(--accent-strong);
  }
  form {
    margin: 1.5rem 0 0;
  }
  label {
    display: block;
    margin: 1rem 0 0.375rem;
    font-weight: 550;
  }
  input {
    width: 100%;
    min-height: 2.875rem;
    padding: 0.5rem 0.75rem;
    font: inherit;
    color: var(--ink);
    background: var(--card);
    border: 1px solid var(--edge);
    border-radius: 0.5rem;
  }
  input[aria-invalid='true'] {
    border-color: var(--alarm);
  }
  .hint {
    margin: 0.375rem 0 0;
    color: var(--quiet);
    font-size: 0.875rem;
  }
  .error {
    margin: 0.375rem 0 0;
    color: var(--alarm);
    font-size: 0.875rem;
  }
  .notice {
    margin: 1.25rem 0 0;
    padding: 0.75rem 0.875rem;
    border-radius: 0.5rem;
  }
  .bad {
    color: var(--alarm);
    background: var(--alarm-paper);
  }
  .good {
    color: var(--good);
    background: var(--good-paper);
  }
  button,
  .button {
    display: block;
    width: 100%;
    min-height: 2.875rem;
    margin: 0.75rem 0 0;
    padding: 0.625rem 1rem;
    font: inherit;
    font-weight: 600;
    line-height: 1.5;
    text-align: center;
    text-decoration: none;
    color: var(--on-accent);
    background: var(--accent);
    border: 1px solid var(--accent);
    border-radius: 0.5rem;
    cursor: pointer;
  }
  button:hover,
  .button:hover {
    color: var(--on-accent);
    background: var(--accent-strong);
    border-color: var(--accent-strong);
  }
  input ~ button:first-of-type {
    margin-top: 1.5rem;
  }
  p + .button {
    margin-top: 1.5rem;
  }
  .plain {
    color: var(--ink);
    background: none;
    border-color: var(--edge);
  }
  .plain:hover {
    color: var(--ink);
    background: var(--paper);
    border-color: var(--ink);
  }
  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  .aside {
    margin-top: 1.5rem;
    color: var(--quiet);
    text-align: center;
  }
  .person {
    margin-top: 1.5rem;
  }
  ul {
    margin: 1rem 0 0;
    padding: 0;
    list-style: none;
  }
  .scopes li {
    position: relative;
    padding: 0.625rem 0 0.625rem 1.75rem;
    border-top: 1px solid var(--line);
  }
  .scopes li:last-child {
    border-bottom: 1px solid var(--line);
  }
  .scopes li::before {
    content: '';
    position: absolute;
    left: 0.25rem;
    top: 0.875rem;
    width: 0.4rem;
    height: 0.75rem;
    border: solid var(--accent);
    border-width: 0 2px 2px 0;
    rotate: 40deg;
  }
  .entries > li {
    display: flex;
    align-items: center;
    justify-content: space-between;
    gap: 1rem;
    padding: 1rem 0;
    border-top: 1px solid var(--line);
  }
  .entries > li:last-child {
    border-bottom: 1px solid var(--line);
  }
  .entries p {
    margin: 0.125rem 0 0;
  }
  .entries form {
    flex: none;
    margin: 0;
  }
  .entries input ~ button {
    margin: 0;
    width: auto;
    white-space: nowrap;
  }
  .applications > li {
    align-items: flex-start;
  }
  .applications .scopes {
    margin-top: 0.5rem;
  }
  .applications .scopes li {
    padding: 0.125rem 0 0.125rem 1.75rem;
    border: 0;
  }
  .applications .scopes li::before {
    top: 0.2rem;
  }
  .name {
    font-weight: 600;
  }
  .badge {
    display: inline-block;
    margin-left: 0.375rem;
    padding: 0.0625rem 0.5rem;
    font-size: 0.8125rem;
    font-weight: 550;
    color: var(--good);
    background: var(--good-paper);
    border-radius: 1rem;
  }
  .side-by-side {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
    margin-top: 1.5rem;
  }
  .side-by-side form {
    flex: 1 1 auto;
    margin: 0;
  }
  .side-by-side input ~ button {
    margin: 0;
    height: 100%;
    white-space: nowrap;
  }
  @media (max-width: 30rem) {
    body {
      justify-content: flex-start;
      padding: 1.5rem 0 0;
      background: var(--card);
    }
    main {
      padding: 0.75rem 1.25rem 2rem;
      border: 0;
      border-radius: 0;
    }
    .applications > li {
      display: block;
    }
    .applications input ~ button {
      margin-top: 1rem;
      width: 100%;
    }
  }
</style>`;

/** For `style-src`: of what stands between the tags, to the byte (CSP 3 §2.3.1). */
export const STYLE_HASH = `'sha256-${createHash('sha256')
  .update(STYLE.toString().slice('<style>'.length, -'</style>'.length))
  .digest('base64')}'`;
