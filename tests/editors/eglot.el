;;; eglot.el --- a journey in a real Emacs  -*- lexical-binding: t -*-

;; emacs --batch -l CONFIGURATION -l eglot.el FILE ANSWERS
;;
;; Opens FILE with eglot, waits until the replay is over, and writes to ANSWERS what was seen, as JSON:
;; the findings flymake shows, the card of a hover, the text once the first fix is taken, what flymake shows
;; then, and the completions after `model.layers['.  CONFIGURATION is what editors/README.md gives to users.

(require 'eglot)
(require 'json)
(require 'python)
(require 'flymake)

(defvar journey-seconds 90)

(defun journey-until (what test)
  "Wait until TEST gives something and answer it; an error naming WHAT if it never does."
  (let ((deadline (+ (float-time) journey-seconds)) answer)
    (while (and (not (setq answer (funcall test))) (< (float-time) deadline))
      (accept-process-output nil 0.05))
    (or answer (error "Waited in vain for %s" what))))

(defun journey-send ()
  "Tell the server of the edits, which Emacs does when idle, and is never idle in batch."
  (eglot--signal-textDocument/didChange))

(defun journey-go-to (needle after)
  (goto-char (point-min))
  (search-forward needle)
  (goto-char (+ (match-beginning 0) after)))

(defun journey-findings ()
  (mapcar (lambda (found)
            (list (cons 'text (buffer-substring-no-properties
                               (flymake-diagnostic-beg found) (flymake-diagnostic-end found)))
                  (cons 'message (flymake-diagnostic-text found))))
          (flymake-diagnostics)))

(defun journey-card ()
  (let* ((contents (plist-get (jsonrpc-request (eglot--current-server-or-lose) :textDocument/hover
                                               (eglot--TextDocumentPositionParams))
                              :contents)))
    (substring-no-properties (eglot--format-markup contents))))

(defun journey-completions ()
  (pcase-let ((`(,_ ,_ ,table . ,_) (eglot-completion-at-point)))
    (mapcar #'substring-no-properties (all-completions "" table))))

(defun journey (file answers)
  (setq eglot-sync-connect t eglot-connect-timeout 60 eglot-confirm-server-initiated-edits nil
        eglot-send-changes-idle-time 0.05 eglot-events-buffer-size 0)
  (find-file file)
  (python-mode)
  (apply #'eglot (eglot--guess-contact))
  (flymake-mode 1)
  (let (seen)
    (push (cons 'found (journey-until "findings" (lambda () (flymake-start) (journey-findings)))) seen)
    (journey-go-to "self.dense1(inputs)" 6)
    (push (cons 'card (journey-until "a card" (lambda ()
                                                (let ((card (journey-card)))
                                                  (and (string-match-p "kernel" card) card)))))
          seen)
    (journey-go-to "layer.weights[0]" 0)
    (let* ((actions (eglot-code-actions (point) (point) "quickfix")))
      (push (cons 'actions (mapcar (lambda (action) (plist-get action :title)) actions)) seen)
      (eglot--apply-workspace-edit (plist-get (elt actions 0) :edit)))
    (journey-send)
    (push (cons 'fixed (buffer-substring-no-properties (point-min) (point-max))) seen)
    (push (cons 'left (journey-until "no findings" (lambda () (flymake-start)
                                                     (if (journey-findings) nil "none"))))
          seen)
    (journey-go-to "for layer in model.layers" 0)
    (insert "model.layers[\n")
    (forward-char -1)
    (journey-send)
    (push (cons 'completions (journey-until "completions" #'journey-completions)) seen)
    (with-temp-file answers (insert (json-encode seen)))
    (set-buffer-modified-p nil)
    (eglot-shutdown (eglot-current-server))))

(let* ((file (pop command-line-args-left))
       (answers (pop command-line-args-left)))
  (journey file answers))

;;; eglot.el ends here
