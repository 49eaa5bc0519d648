import type { SettingsView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Field, Form } from '../shell/form.tsx';
import { changeSettings } from '../state/settings.ts';
import { showToast } from '../state/toast.ts';
import { changesIn, fieldsOf } from './limit-fields.ts';
import { Fixed } from './roles.tsx';

/** What this computer gives at most, to change while it runs. */
export function Limits({ view }: { view: SettingsView }) {
  return (
    <section class="panel" aria-labelledby="limits-heading">
      <h3 id="limits-heading">Limits</h3>
      {view.paused && (
        <p class="notice" role="status">
          <strong>Paused.</strong> {PAUSED[view.paused]} You can chat as usual.
        </p>
      )}
      <LimitsForm view={view} action="Save" onSaved={() => showToast({ text: 'Saved.' })} />
    </section>
  );
}

const PAUSED = {
  hours: 'At this time of day your computer does nothing for others.',
  battery: 'While it runs on battery, your computer does nothing for others.',
} as const;

const LIMITS = ['diskBytes', 'uploadRate', 'downloadRate', 'hours', 'pauseOnBattery'] as const;

/** The form of the limits. `onSaved` is called when they are in force. */
export function LimitsForm({
  view,
  action,
  onSaved,
}: {
  view: SettingsView;
  action: string;
  onSaved: () => Promise<void> | void;
}) {
  const { limits, fixed, power, diskBytesHeld } = view;
  const now = fieldsOf(limits);
  const save = async (fields: Record<string, string>) => {
    const { disk = now.disk, upload = now.upload, download = now.download } = fields;
    const { from = now.from, to = now.to } = fields;
    const battery = isOpen('pauseOnBattery') && power !== 'unknown' ? fields.battery === 'on' : now.battery;
    const change = changesIn({ disk, upload, download, from, to, battery }, limits);
    if (Object.keys(change).length > 0) await changeSettings({ limits: change });
    await onSaved();
  };
  const isOpen = (name: (typeof LIMITS)[number]) => !fixed.includes(name);
  const held = `Models of others take ${format.bytes(diskBytesHeld)} now.`;
  return (
    <Form key={JSON.stringify(limits)} action={action} onSubmit={save}>
      {LIMITS.some((name) => !isOpen(name)) && <Fixed what="Some limits were" />}
      <Field
        label="Disk space for models, in GB"
        name="disk"
        required={false}
        inputMode="decimal"
        initial={now.disk}
        placeholder="No limit"
        hint={held}
        disabled={!isOpen('diskBytes')}
      />
      <div class="pair">
        <Field
          label="Upload, in kB/s"
          name="upload"
          required={false}
          inputMode="numeric"
          initial={now.upload}
          placeholder="No limit"
          disabled={!isOpen('uploadRate')}
        />
        <Field
          label="Download, in kB/s"
          name="download"
          required={false}
          inputMode="numeric"
          initial={now.download}
          placeholder="No limit"
          disabled={!isOpen('downloadRate')}
        />
      </div>
      <fieldset class="pair" aria-describedby="hours-hint">
        <legend>Work for others</legend>
        <Field
          label="from"
          name="from"
          time
          required={false}
          initial={now.from}
          disabled={!isOpen('hours')}
        />
        <Field label="to" name="to" time required={false} initial={now.to} disabled={!isOpen('hours')} />
        <span id="hours-hint" class="muted small">
          Leave both empty for the whole day. You can always chat.
        </span>
      </fieldset>
      <div class="check">
        <input
          type="checkbox"
          id="battery"
          name="battery"
          defaultChecked={now.battery}
          disabled={power === 'unknown' || !isOpen('pauseOnBattery')}
          aria-describedby="battery-hint"
        />
        <div>
          <label for="battery">Pause on battery</label>
          <p id="battery-hint" class="muted small">
            {power === 'unknown'
              ? 'Not available: this computer does not tell what it runs on. Use the hours instead.'
              : `Does nothing for others without a power supply. It runs on ${power === 'battery' ? 'battery' : 'mains power'} now.`}
          </p>
        </div>
      </div>
    </Form>
  );
}
