/** What the page of settings says, which comes with it. */
export const texts = {
  settings: {
    title: 'Settings',
    lead: 'They are kept in this browser and sent to nobody.',
    looks: 'Language and looks',
    theme: 'Theme',
    system: 'As the system',
    light: 'Light',
    dark: 'Dark',
    cameraAndFace: 'Camera and face',
    camera: 'Camera',
    cameraAny: 'The one that faces you',
    cameraHint: 'Other cameras appear here once you have started one in this app.',
    live: 'Ask for movements by default',
    liveHint: 'Enrolling and verifying then begin with the check that somebody is there. The login always does.',
    engine: 'What it runs on',
    backend: 'Backend',
    automatic: 'Automatic',
    backendHint:
      'What the networks are computed with. Automatic takes the first that works, WebGPU before WebGL before WASM.',
    running: 'Running',
    release: 'Model release',
    model: 'Model version',
    keyedModel: 'Model version under an own key',
    notYet: 'not started yet',
    restart: 'Reload to use it',
    storage: 'What this browser keeps',
    storageText:
      'The app and its networks for opening offline, receipts of whom you enrolled here, your own key if you made one, and these settings.',
    used: 'Space in use: {{size}}.',
    clear: 'Delete all of it',
    askClear: 'Delete all that this browser keeps?',
    clearWarning:
      'Receipts and your own key go, too: without its words or its passkey the key is lost, and without receipts only your face can have you forgotten. What the cloud keeps stays.',
    doClear: 'Delete',
  },
};
