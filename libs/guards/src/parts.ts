import { dpop } from './dpop/dpop.part.js';
import { issuersAtRunTime } from './issuers-at-run-time/index.js';
import { metadata } from './metadata/resource-metadata.js';
import { status } from './status/status.part.js';

/** The optional parts that this copy has. To remove one, delete its folder and its two lines here. */
export const parts = {
  dpop,
  issuersAtRunTime,
  metadata,
  status,
};
