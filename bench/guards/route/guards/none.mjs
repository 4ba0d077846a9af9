/** What everything else is compared with. */
export function none() {
  return {};
}
