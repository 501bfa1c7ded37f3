import { useEffect, useState } from 'react';
import { listCameras } from '../../client/camera.js';
import { deleteKept, spaceKept } from '../../client/kept.js';
import { BACKENDS } from '../../client/types.js';
import { addEnglish } from '../language.js';
import { Button } from '../parts/Button.js';
import { ConfirmDialog } from '../parts/ConfirmDialog.js';
import { LanguageField } from '../parts/LanguageField.js';
import { Segments } from '../parts/Segments.js';
import { SelectField } from '../parts/SelectField.js';
import { BACKEND_NAMES } from '../parts/StatusChip.js';
import { Switch } from '../parts/Switch.js';
import { changeSettings, getSettings } from '../settings.js';
import { texts } from '../texts/en-settings.js';
import { useSettings } from '../useSettings.js';
import { useSessionState } from '../useSession.js';
import { useTexts } from '../useTexts.js';

addEnglish(texts);

/** Chosen before this page, where alone it can be changed, was opened: what runs. */
const before = getSettings().backend;

/** What a person may choose, and what it runs on. */
export function Settings() {
  const { t } = useTexts();
  return (
    <>
      <div className="page-title">
        <h1 tabIndex={-1}>{t('settings.title')}</h1>
        <p className="lead">{t('settings.lead')}</p>
      </div>
      <div className="settings">
        <Looks />
        <CameraAndFace />
        <Engine />
        <Kept />
      </div>
    </>
  );
}

function Looks() {
  const { t } = useTexts();
  const { theme } = useSettings();
  return (
    <section className="card form" aria-labelledby="looks">
      <h2 id="looks">{t('settings.looks')}</h2>
      <LanguageField />
      <div>
        <p className="control-name" aria-hidden="true">
          {t('settings.theme')}
        </p>
        <Segments
          label={t('settings.theme')}
          options={[
            { value: 'system', name: t('settings.system') },
            { value: 'light', name: t('settings.light'), icon: 'sun' },
            { value: 'dark', name: t('settings.dark'), icon: 'moon' },
          ]}
          value={theme ?? 'system'}
          onChange={(next) => changeSettings({ theme: next === 'system' ? null : next })}
        />
      </div>
    </section>
  );
}

function CameraAndFace() {
  const { t } = useTexts();
  const { camera, live } = useSettings();
  const [cameras, setCameras] = useState<readonly MediaDeviceInfo[]>([]);
  useEffect(() => {
    listCameras().then(setCameras, () => {});
  }, []);

  // Before a camera was allowed once, they have neither names nor ids.
  const known = cameras.filter(({ deviceId }) => deviceId !== '');
  return (
    <section className="card form" aria-labelledby="camera-and-face">
      <h2 id="camera-and-face">{t('settings.cameraAndFace')}</h2>
      <SelectField
        label={t('settings.camera')}
        hint={t('settings.cameraHint')}
        options={[
          { value: '', name: t('settings.cameraAny') },
          ...known.map(({ deviceId, label }, i) => ({
            value: deviceId,
            name: label || t('camera.number', { number: i + 1 }),
          })),
        ]}
        value={known.some(({ deviceId }) => deviceId === camera) ? (camera ?? '') : ''}
        onChange={(next) => changeSettings({ camera: next === '' ? null : next })}
      />
      <Switch
        label={t('settings.live')}
        hint={t('settings.liveHint')}
        on={live}
        onChange={(next) => changeSettings({ live: next })}
      />
    </section>
  );
}

function Engine() {
  const { t } = useTexts();
  const { backend } = useSettings();
  const state = useSessionState();
  const started = state.status === 'ready' ? state.started : null;
  return (
    <section className="card form" aria-labelledby="engine">
      <h2 id="engine">{t('settings.engine')}</h2>
      <SelectField
        label={t('settings.backend')}
        hint={t('settings.backendHint')}
        options={[
          { value: '', name: t('settings.automatic') },
          ...BACKENDS.map((value) => ({ value, name: BACKEND_NAMES[value] })),
        ]}
        value={backend ?? ''}
        onChange={(next) => changeSettings({ backend: next || null })}
      />
      {backend !== before && (
        <Button icon="retry" onPress={() => location.assign(location.pathname)}>
          {t('settings.restart')}
        </Button>
      )}
      <dl className="key-facts">
        <dt>{t('settings.running')}</dt>
        <dd>{started === null ? t('settings.notYet') : BACKEND_NAMES[started.backend]}</dd>
        {started !== null && (
          <>
            <dt>{t('settings.release')}</dt>
            <dd>{started.release}</dd>
            <dt>{t('settings.model')}</dt>
            <dd>
              <code>{started.model}</code>
            </dd>
            <dt>{t('settings.keyedModel')}</dt>
            <dd>
              <code>{started.keyedModel}</code>
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Kept() {
  const { t, sentence, megabytes } = useTexts();
  const [space, setSpace] = useState<number | null>(null);
  const [asked, setAsked] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    spaceKept().then(setSpace, () => {});
  }, []);

  const clear = () => {
    setAsked(false);
    deleteKept().then(
      () => location.assign('/'),
      () => setFailed(true),
    );
  };

  return (
    <section className="card form" aria-labelledby="kept">
      <h2 id="kept">{t('settings.storage')}</h2>
      <p>
        {t('settings.storageText')} {space !== null && t('settings.used', { size: megabytes(space) })}
      </p>
      <Button kind="danger" icon="forget" onPress={() => setAsked(true)}>
        {t('settings.clear')}
      </Button>
      <p role="alert">{failed && sentence('page_failed')}</p>
      {asked && (
        <ConfirmDialog
          title={t('settings.askClear')}
          confirmLabel={t('settings.doClear')}
          onConfirm={clear}
          onCancel={() => setAsked(false)}
        >
          {t('settings.clearWarning')}
        </ConfirmDialog>
      )}
    </section>
  );
}
