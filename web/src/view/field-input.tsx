import type { JSX } from 'preact';
import type { Field } from '../form/schema';
import { t } from '../i18n/language';

interface Props {
  field: Field;
  value: string | boolean;
  /** What the server said about this parameter. */
  errors: readonly string[];
  onChange: (value: string | boolean) => void;
}

/** One parameter: its label, its input, what it is, and what is wrong with it. */
export function FieldInput({ field, value, errors, onChange }: Props) {
  const id = `param-${field.name}`;
  const described = [field.hint && `${id}-hint`, errors.length && `${id}-error`].filter(Boolean).join(' ');
  const shared = {
    id,
    name: field.name,
    'aria-invalid': errors.length > 0,
    ...(described ? { 'aria-describedby': described } : {}),
  };
  return (
    <div class={`field field-${field.kind}`}>
      <label for={id}>
        {field.label}
        {!field.required && field.initial === '' && <span class="field-optional"> · {t('start.optional')}</span>}
      </label>
      {input(field, value, shared, onChange)}
      {field.hint && <p class="field-hint" id={`${id}-hint`}>{field.hint}</p>}
      {errors.length > 0 && <p class="field-error" id={`${id}-error`}>{errors.join(' ')}</p>}
    </div>
  );
}

function input(field: Field, value: string | boolean, shared: { id: string; name: string }, onChange: Props['onChange']): JSX.Element {
  const text = String(value);
  const typed = (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value);
  switch (field.kind) {
    case 'checkbox':
      return <input {...shared} type="checkbox" checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
    case 'choice':
      return (
        <select {...shared} value={text} onChange={typed}>
          {text === '' && <option value="">{t('start.unset')}</option>}
          {field.choices.map((choice) => {
            const json = JSON.stringify(choice);
            return <option key={json} value={json}>{String(choice)}</option>;
          })}
        </select>
      );
    case 'json':
      return <textarea {...shared} rows={3} spellcheck={false} value={text} onInput={typed} />;
    case 'integer':
    case 'number':
      return (
        <input
          {...shared} type="number" step={field.kind === 'integer' ? 1 : 'any'} value={text} onInput={typed}
          {...(field.schema.minimum === undefined ? {} : { min: field.schema.minimum })}
          {...(field.schema.maximum === undefined ? {} : { max: field.schema.maximum })}
        />
      );
    default:
      return <input {...shared} type="text" spellcheck={false} autocomplete="off" value={text} onInput={typed} />;
  }
}
