interface SelectProps {
  name: string;
  label: string;
  value: string;
  options: (readonly [value: string, words: string])[];
  onInput: (value: string) => void;
}

/** One of several, with its label. */
export const Select = ({ name, label, value, options, onInput }: SelectProps) => (
  <div class="field">
    <label for={`field-${name}`}>{label}</label>
    <select id={`field-${name}`} value={value} onChange={(event) => onInput(event.currentTarget.value)}>
      {options.map(([option, words]) => (
        <option key={option} value={option}>
          {words}
        </option>
      ))}
    </select>
  </div>
);
