// Starts the Firefox that the tests drive.
import { launch, type Browser } from 'puppeteer-core';

/** Headless Firefox by WebDriver BiDi: `LIVETAPE_FIREFOX`, else Debian's. It plays sound and video without a click. */
export function launchFirefox(): Promise<Browser> {
  return launch({
    browser: 'firefox',
    executablePath: process.env['LIVETAPE_FIREFOX'] ?? '/usr/bin/firefox-esr',
    extraPrefsFirefox: { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0 },
  });
}
