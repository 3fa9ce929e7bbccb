// Starts the Chromium that the tests drive.
import { chromium, type Browser, type BrowserContext } from 'playwright-core';

/** How it is started. */
export const options = {
  executablePath: process.env['LIVETAPE_CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
    '--autoplay-policy=no-user-gesture-required',
  ],
};

/** Headless Chromium: `LIVETAPE_CHROMIUM`, else Debian's. It plays sound and video without a click. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(options);
}

/** The same with a profile on disk, where the OPFS is: without one it is in memory. */
export function launchProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, options);
}
