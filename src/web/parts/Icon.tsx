import {
  ArrowLeft,
  ArrowRight,
  Camera,
  Check,
  Ellipsis,
  House,
  Images,
  Lock,
  Maximize2,
  Minimize2,
  Moon,
  RotateCw,
  ScanFace,
  Send,
  ShieldCheck,
  Sun,
  Trash2,
  TriangleAlert,
  UserPlus,
  X,
  type LucideIcon,
} from 'lucide-react';

const ICONS = {
  home: House,
  enrol: UserPlus,
  verify: ShieldCheck,
  identify: ScanFace,
  forget: Trash2,
  camera: Camera,
  photos: Images,
  check: Check,
  cross: X,
  warning: TriangleAlert,
  sun: Sun,
  moon: Moon,
  retry: RotateCw,
  lock: Lock,
  left: ArrowLeft,
  right: ArrowRight,
  closer: Maximize2,
  back: Minimize2,
  send: Send,
  dots: Ellipsis,
} as const satisfies Readonly<Record<string, LucideIcon>>;

export type IconName = keyof typeof ICONS;

/** Decoration: the words beside it say the same. */
export function Icon({ name }: { name: IconName }) {
  const Drawing = ICONS[name];
  return <Drawing className="icon" />;
}
