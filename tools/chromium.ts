import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright';
import { findProgram } from './programs.js';

/** A Chromium on PATH, or undefined: then Playwright's own is used. */
export function installedChromium(): string | undefined {
  return findProgram('chromium', 'chromium-browser', 'google-chrome');
}

/** How to start Chromium in tests and evaluation: headless, quiet on the network, with WebGPU in software where there is no GPU. */
export function launchOptions() {
  const executablePath = installedChromium();
  const asRoot = process.getuid?.() === 0;
  return {
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      ...(asRoot ? ['--no-sandbox'] : []),
      '--enable-unsafe-webgpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-first-run',
    ],
  };
}

// Run as a program: makes sure that there is a browser.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (installedChromium() === undefined && !existsSync(chromium.executablePath())) {
    execFileSync('npx', ['playwright', 'install', '--with-deps', '--only-shell', 'chromium'], { stdio: 'inherit' });
  }
}
