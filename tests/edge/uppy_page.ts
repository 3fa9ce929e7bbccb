// What the page of uppy.test.ts does, in the browser: sends the file that its input is given, by Uppy as pages use it.
import Uppy from '@uppy/core';
import Tus from '@uppy/tus';

declare global {
  /** What has become of the upload. */
  var uploaded: { url?: string; failed?: string };
}

globalThis.uploaded = {};
const input = document.querySelector('input') as HTMLInputElement;
const { endpoint = '', key = '' } = input.dataset;
const uppy = new Uppy({ autoProceed: true }).use(Tus, { endpoint, headers: { Authorization: `Bearer ${key}` }, retryDelays: [0, 100, 500], allowedMetaFields: ['filename'] });
uppy.on('upload-success', (_file, { uploadURL }) => (uploaded.url = uploadURL ?? ''));
uppy.on('error', ({ message }) => (uploaded.failed = message));
input.addEventListener('change', () => {
  for (const file of input.files ?? []) uppy.addFile({ name: file.name, type: file.type, data: file, meta: { filename: file.name } });
});
