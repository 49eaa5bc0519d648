import { commandOf, optionsComment, type ServiceDefinition } from './definition.ts';
import { escapeXml } from './xml.ts';

export const TASK_NAME = 'Bitorch';

/**
 * A task of Windows' Task Scheduler (schema version 1.2) that runs the node when `user` logs on and restarts it after a failure.
 * `user`: as `DOMAIN\name`.
 */
export function windowsTask(definition: ServiceDefinition, user: string): string {
  const [program, ...args] = commandOf(definition);
  return `<?xml version="1.0" encoding="UTF-16"?>
<!-- Written by "bitorch service install". -->
<!-- ${optionsComment(definition.options)} -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Bitorch node</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${escapeXml(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${escapeXml(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>20</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escapeXml(program)}</Command>
      <Arguments>${escapeXml(args.map(quote).join(' '))}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/** An argument as CommandLineToArgvW reads it: backslashes count only before a quote. */
const quote = (argument: string): string =>
  /^[^\s"]+$/.test(argument)
    ? argument
    : `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
