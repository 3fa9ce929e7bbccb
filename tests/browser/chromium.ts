// Starts the Chromium that the tests drive.
import { chromium, type Browser } from 'playwright-core';

/** Headless Chromium: `LIVETAPE_CHROMIUM`, else Debian's. It plays sound and video without a click. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['LIVETAPE_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}
