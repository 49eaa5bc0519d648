import { commandOf, optionsComment, type ServiceDefinition } from './definition.ts';
import { escapeXml } from './xml.ts';

export const LAUNCHD_LABEL = 'org.bitorch.node';

/** A launch agent of macOS, launchd.plist(5). It restarts the node after a failure, not after `bitorch stop`. `logFile`: absolute. */
export const launchdPlist = (
  definition: ServiceDefinition,
  logFile: string,
): string => `<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by "bitorch service install". -->
<!-- ${optionsComment(definition.options)} -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LAUNCHD_LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${commandOf(definition)
  .map((argument) => `    <string>${escapeXml(argument)}</string>`)
  .join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>15</integer>
  <key>ExitTimeOut</key>
  <integer>60</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  <string>${escapeXml(logFile)}</string>
  <key>StandardErrorPath</key>
  <string>${escapeXml(logFile)}</string>
</dict>
</plist>
`;
