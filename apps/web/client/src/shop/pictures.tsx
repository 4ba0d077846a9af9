import type { ReactNode } from 'react';
import type { Sku } from '../catalogue.js';

const LEAF = 'M60 84C34 70 34 34 60 16c26 18 26 54 0 68Z';

/** Drawings of 120 by 96 units. `tint` and `stroke` are classes of the stylesheet. */
const DRAWINGS: Readonly<Record<Sku, ReactNode>> = {
  'green-tea': (
    <>
      <path className="tint" d={LEAF} />
      <path d={`${LEAF}M60 84V36M60 62l14-14M60 62L46 48M60 76l12-12M60 76L48 64`} />
    </>
  ),
  'black-tea': (
    <>
      <path className="tint" d="M36 30h48v54H36Z" />
      <path d="M36 30h48v54H36ZM36 30l8-14h32l8 14M50 50h20M50 60h20M60 30V16" />
    </>
  ),
  'herbal-tea': (
    <>
      <path
        className="tint"
        d="M60 44c-22-2-26-20-24-28 16 0 24 12 24 28Zm0 22c22-2 26-20 24-28-16 0-24 12-24 28Z"
      />
      <path d="M60 44c-22-2-26-20-24-28 16 0 24 12 24 28Zm0 22c22-2 26-20 24-28-16 0-24 12-24 28ZM60 86V30M60 80c-12 0-18-6-20-14 12 0 18 4 20 14Z" />
    </>
  ),
  teapot: (
    <>
      <path className="tint" d="M36 44h44c4 22-6 38-22 38S32 66 36 44Z" />
      <path d="M36 44h44c4 22-6 38-22 38S32 66 36 44ZM40 44c4-10 32-10 36 0M58 36v-6M80 52c10-6 16 0 20-8M36 50c-16-6-20 16 0 20M44 82h28" />
    </>
  ),
  cup: (
    <>
      <path className="tint" d="M34 40h46v14c0 18-10 26-23 26S34 72 34 54Z" />
      <path d="M34 40h46v14c0 18-10 26-23 26S34 72 34 54ZM80 46c14-2 14 20-2 20M28 86h60M48 30c-4-6 4-8 0-14M64 30c-4-6 4-8 0-14" />
    </>
  ),
  honey: (
    <>
      <path className="tint" d="M38 46h44v32c0 4-2 6-6 6H44c-4 0-6-2-6-6Z" />
      <path d="M42 28h36v10H42ZM38 46c0-6 4-8 4-8h36s4 2 4 8v32c0 4-2 6-6 6H44c-4 0-6-2-6-6ZM60 54l9 5v10l-9 5-9-5V59Z" />
    </>
  ),
};

export const Picture = ({ sku }: { readonly sku: Sku }) => (
  <svg className="picture" viewBox="0 0 120 96" aria-hidden="true">
    {DRAWINGS[sku]}
  </svg>
);
