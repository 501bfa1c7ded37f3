import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { Button } from './Button.js';
import { useTexts } from '../useTexts.js';

interface ConfirmDialogProps {
  title: string;
  children: ReactNode;
  confirmLabel: string;
  /** On pages that are in English for everybody. */
  cancelLabel?: string;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before something that cannot be undone. Escape says no. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { t } = useTexts();
  const { title, children, confirmLabel, cancelLabel = t('answer.keep'), onConfirm, onCancel } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();

  // While it is still in the page: then the browser gives the focus back to what had it.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  return (
    <dialog ref={dialog} className="modal" aria-labelledby={id} onCancel={onCancel}>
      <div className="modal-box">
        <h2 id={id}>{title}</h2>
        <p>{children}</p>
        <div className="modal-action">
          <Button onPress={onCancel}>{cancelLabel}</Button>
          <Button kind="danger" icon="forget" onPress={onConfirm}>
            {confirmLabel}
          </Button>
        </div>
      </div>
    </dialog>
  );
}
