/** The admins' page: each role is saved where it stands. */
import { prepareInlineForms } from '../inline-forms.js';

prepareInlineForms();
